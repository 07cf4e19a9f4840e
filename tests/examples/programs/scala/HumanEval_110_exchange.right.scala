// podium: passed
        if ((lst1 ++ lst2).count(_ % 2 == 0) >= lst1.length) "YES" else "NO"
