// podium: parity failed, corrected passed
        ArrayList<Float> sorted = new ArrayList<>(numbers);
        Collections.sort(sorted);
        int best = 1;
        for (int i = 2; i < sorted.size(); i++) {
            if (sorted.get(i) - sorted.get(i - 1) < sorted.get(best) - sorted.get(best - 1)) {
                best = i;
            }
        }
        return Pair.with(sorted.get(best - 1), sorted.get(best));
