// podium: failed
    Math.floor(n / 77);
}
