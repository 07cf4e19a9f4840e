// podium: passed
        strings.filter(_.startsWith(prefix))
