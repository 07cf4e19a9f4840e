// podium: passed
        ArrayList<Long> thirds = new ArrayList<>();
        for (int i = 0; i < l.size(); i += 3) {
            thirds.add(l.get(i));
        }
        Collections.sort(thirds);
        ArrayList<Long> result = new ArrayList<>(l);
        for (int i = 0; i < thirds.size(); i++) {
            result.set(3 * i, thirds.get(i));
        }
        return result;
