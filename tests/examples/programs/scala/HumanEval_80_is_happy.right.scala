// podium: passed
        s.length >= 3 && s.sliding(3).forall(three => three.distinct.length == 3)
