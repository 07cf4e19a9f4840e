// podium: passed
        for (int i = 0; i <= str.Length; i++) {
            string tail = str.Substring(i);
            if (tail.SequenceEqual(tail.Reverse())) {
                return str + string.Concat(str.Substring(0, i).Reverse());
            }
        }
        return str;
