// podium: parity failed, corrected passed
        var result = new List<long>();
        foreach (var number in numbers) {
            result.Add(result.Count == 0 ? number : Math.Max(number, result[result.Count - 1]));
        }
        return result;
