// podium: passed
        return text.replaceAll("[aeiouAEIOU]", "");
