// podium: failed
    throw new Exception('no');
}
