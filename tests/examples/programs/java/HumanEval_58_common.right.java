// podium: passed
        TreeSet<Long> shared = new TreeSet<>(l1);
        shared.retainAll(l2);
        return new ArrayList<>(shared);
