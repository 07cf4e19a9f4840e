// podium: passed
        var result = "";
        while (x > 0) {
            result = x % numBase + result;
            x /= numBase;
        }
        return result;
