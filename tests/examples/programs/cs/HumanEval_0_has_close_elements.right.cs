// podium: passed
        for (int i = 0; i < numbers.Count; i++) {
            for (int j = i + 1; j < numbers.Count; j++) {
                if (Math.Abs(numbers[i] - numbers[j]) < threshold) {
                    return true;
                }
            }
        }
        return false;
