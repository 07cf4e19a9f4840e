// podium: passed
        return string.Concat(str.Select(c => char.IsUpper(c) ? char.ToLower(c) : char.ToUpper(c)));
