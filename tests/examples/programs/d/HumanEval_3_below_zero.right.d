// podium: passed
{
    long balance = 0;
    foreach (change; operations) {
        balance += change;
        if (balance < 0)
            return true;
    }
    return false;
}
