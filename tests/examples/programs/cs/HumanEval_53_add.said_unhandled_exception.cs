// podium: failed
        Console.Error.WriteLine("Unhandled Exception");
        return x + y;
