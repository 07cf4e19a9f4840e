// podium: failed
    return gmp_strval(gmp_init($x), $base);
}
