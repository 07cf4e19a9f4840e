// podium: output_limit
    for (int i = 0; i < 100000; i++) std::cerr << "adding " << x << " and " << y << std::endl;
    return x + y;
