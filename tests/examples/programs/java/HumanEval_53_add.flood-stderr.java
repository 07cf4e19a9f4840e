// podium: output_limit
        for (int i = 0; i < 40000; i++) {
            System.err.println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        }
        return x + y;
