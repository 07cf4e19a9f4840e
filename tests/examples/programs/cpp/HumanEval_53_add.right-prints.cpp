// podium: passed
    for (int i = 0; i < 50; i++) std::cout << "adding " << x << " and " << y << std::endl;
    return x + y;
