// podium: passed
        var result = "";
        for (int i = 0; i < a.Length; i++) {
            result += a[i] == b[i] ? '0' : '1';
        }
        return result;
