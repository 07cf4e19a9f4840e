// podium: passed
    let async = x;
    let dyn = y;
    async + dyn
