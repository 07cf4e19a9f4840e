// podium: passed
    std::vector<long> back(q.rbegin(), q.rend());
    return q == back && std::accumulate(q.begin(), q.end(), 0L) <= w;
