// podium: output_limit
    for (let i = 0; i < 40000; i++) {
        console.log('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx');
    }
    return x + y;
}
