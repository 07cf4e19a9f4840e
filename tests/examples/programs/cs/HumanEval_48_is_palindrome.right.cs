// podium: passed
        return text.SequenceEqual(text.Reverse());
