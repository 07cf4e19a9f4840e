// podium: passed
        q == q.reverse && q.sum <= w
