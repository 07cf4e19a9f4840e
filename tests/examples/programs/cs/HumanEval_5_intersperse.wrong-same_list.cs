// podium: parity failed, corrected failed
        numbers.Add(delimeter);
        return numbers;
