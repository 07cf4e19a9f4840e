// podium: parity failed, corrected passed
        var result = new List<Tuple<long, long>>();
        for (int row = 0; row < lst.Count; row++) {
            for (int column = lst[row].Count - 1; column >= 0; column--) {
                if (lst[row][column] == x) {
                    result.Add(Tuple.Create((long)row, (long)column));
                }
            }
        }
        return result;
