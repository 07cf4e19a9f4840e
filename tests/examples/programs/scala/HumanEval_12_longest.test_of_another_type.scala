// podium: failed
        if (strings.isEmpty) None else Some(strings.maxBy(_.length))
