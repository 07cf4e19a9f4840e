// podium: crashed
    process.abort();
}
