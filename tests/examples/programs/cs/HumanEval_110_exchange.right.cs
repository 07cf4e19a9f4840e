// podium: passed
        return lst1.Concat(lst2).Count(x => x % 2 == 0) >= lst1.Count ? "YES" : "NO";
