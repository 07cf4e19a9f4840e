// podium: passed
        return string.Concat(text.Where(c => !"aeiouAEIOU".Contains(c)));
