// podium: crashed
    long *nothing = nullptr;
    return *nothing + x + y;
