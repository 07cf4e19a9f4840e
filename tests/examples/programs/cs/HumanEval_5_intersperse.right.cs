// podium: parity failed, corrected passed
        var result = new List<long>();
        for (int i = 0; i < numbers.Count; i++) {
            if (i > 0) {
                result.Add(delimeter);
            }
            result.Add(numbers[i]);
        }
        return result;
