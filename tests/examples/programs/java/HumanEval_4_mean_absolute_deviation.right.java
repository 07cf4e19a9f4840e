// podium: passed
        float mean = 0;
        for (float number : numbers) {
            mean += number / numbers.size();
        }
        float total = 0;
        for (float number : numbers) {
            total += Math.abs(number - mean);
        }
        return total / numbers.size();
