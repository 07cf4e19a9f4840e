// podium: failed
    throw std::runtime_error("told");
