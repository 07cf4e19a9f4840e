// podium: passed
        lst.indices.filter(i => i % 2 == 0 && lst(i) % 2 != 0).map(i => lst(i)).sum
