// podium: passed
        ArrayList<Long> result = new ArrayList<Long>();
        for (int i = 0; i < numbers.size(); i++) {
            if (i > 0) {
                result.add(delimeter);
            }
            result.add(numbers.get(i));
        }
        return result;
