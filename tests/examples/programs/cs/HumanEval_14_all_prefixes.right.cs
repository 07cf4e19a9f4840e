// podium: parity failed, corrected passed
        var result = new List<string>();
        for (int i = 1; i <= str.Length; i++) {
            result.Add(str.Substring(0, i));
        }
        return result;
