// podium: passed
    return "db" . decbin($decimal) . "db";
}
