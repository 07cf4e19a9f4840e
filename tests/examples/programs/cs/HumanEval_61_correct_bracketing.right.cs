// podium: passed
        while (brackets.Contains("()")) {
            brackets = brackets.Replace("()", "");
        }
        return brackets == "";
