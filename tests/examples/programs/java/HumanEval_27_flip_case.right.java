// podium: passed
        StringBuilder result = new StringBuilder();
        for (char c : string.toCharArray()) {
            result.append(Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c));
        }
        return result.toString();
