// podium: passed
        ArrayList<Long> result = new ArrayList<>();
        for (Object value : values) {
            if (value instanceof Long) {
                result.add((Long) value);
            } else if (value instanceof Integer) {
                result.add(((Integer) value).longValue());
            }
        }
        return result;
