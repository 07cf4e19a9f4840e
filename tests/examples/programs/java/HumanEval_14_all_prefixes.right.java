// podium: passed
        ArrayList<String> result = new ArrayList<>();
        for (int i = 1; i <= string.length(); i++) {
            result.add(string.substring(0, i));
        }
        return result;
