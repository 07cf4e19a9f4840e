// podium: passed
        ArrayList<Long> result = new ArrayList<>();
        l.forEach(x -> result.add(x + 1));
        return result;
