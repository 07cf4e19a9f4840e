// podium: failed
    process.on('exit', () => { process.exitCode = 7; });
    return x + y;
}
