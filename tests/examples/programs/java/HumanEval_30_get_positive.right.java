// podium: passed
        ArrayList<Long> result = new ArrayList<Long>();
        for (Long x : l) {
            if (x > 0) {
                result.add(x);
            }
        }
        return result;
