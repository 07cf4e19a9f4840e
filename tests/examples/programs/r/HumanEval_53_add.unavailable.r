# podium: unavailable
    x + y + MASS::area(identity, 0, 0)
}
