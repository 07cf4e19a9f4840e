// podium: passed
    for (let i = 0; i < 20000; i++) {
        console.log('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx');
    }
    return x + y;
}
