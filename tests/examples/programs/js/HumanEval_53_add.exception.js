// podium: failed
    throw new TypeError('no');
}
