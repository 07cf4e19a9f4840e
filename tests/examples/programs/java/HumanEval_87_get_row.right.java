// podium: parity failed, corrected passed
        ArrayList<Pair<Long, Long>> result = new ArrayList<>();
        for (int row = 0; row < lst.size(); row++) {
            for (int column = lst.get(row).size() - 1; column >= 0; column--) {
                if (lst.get(row).get(column) == x) {
                    result.add(Pair.with((long) row, (long) column));
                }
            }
        }
        return result;
