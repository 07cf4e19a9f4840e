// podium: passed
        Console.WriteLine("Unhandled Exception");
        return x + y;
