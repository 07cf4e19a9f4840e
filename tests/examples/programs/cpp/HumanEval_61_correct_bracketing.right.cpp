// podium: passed
    std::stack<char> open;
    for (char c : brackets) {
        if (c == '(') open.push(c);
        else if (open.empty()) return false;
        else open.pop();
    }
    return open.empty();
